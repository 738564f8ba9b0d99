"""What every capability leans on; knows no capability itself."""
