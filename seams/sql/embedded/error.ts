/** The data directory cannot hold the embedded PostgreSQL: one clear sentence. `code` is a row of the kernel's table. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
  readonly code = 'DataDirectory';
}

/** The embedded PostgreSQL did not start or stop as it should. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  readonly code = 'Unavailable';
}
