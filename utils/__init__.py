"""What the notebooks show but do not teach: the maths once more with checks, the pictures, the explorers."""
