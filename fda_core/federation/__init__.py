"""The experiment played: lanes, rounds, clients, when a lane stops, how it resumes."""
