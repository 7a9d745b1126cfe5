"""What one viewer has chosen and what all share: address, language and depth, session, sign-in."""
