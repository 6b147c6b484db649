"""What every training with Keras needs: `seeding`, `callbacks` (progress, history), `lazy_adam`."""
