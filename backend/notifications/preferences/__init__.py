"""What I choose: when my phone stays quiet, what a lock screen shows, what I am reminded of."""
