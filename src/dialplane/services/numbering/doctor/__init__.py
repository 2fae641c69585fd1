"""The number doctor: everything between the world and a number's flow, looked at in one go."""
