"""What every training with Keras needs: `seeding` and `callbacks` (progress, history)."""
