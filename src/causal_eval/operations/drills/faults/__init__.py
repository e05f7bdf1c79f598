"""What drills do, by what they do it to, and how it is mended: signals, weather of the model API, known commands."""
