/** Most rounds of PBKDF2 a server may ask of a client; more would let it stop the process. */
export const scramRoundsMax = 1_000_000;
