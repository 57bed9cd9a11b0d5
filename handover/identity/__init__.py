"""Identity: sessions, lockout per network address, second factor, login by OpenID Connect."""
