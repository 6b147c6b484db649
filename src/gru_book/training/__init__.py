"""What every training needs: seeds, callbacks."""
