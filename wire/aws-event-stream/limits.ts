/** Longest value of a header: its length is told in two bytes. */
export const headerValueMaxBytes = 65_535;

/** Longest message that is read: S3 sends at most 128 KiB of headers and 24 MiB of payload. */
export const messageMaxBytes = 24 * 1024 * 1024 + 128 * 1024;

/** What stands before the headers of a message: two lengths, and their checksum. */
export const preludeBytes = 12;

/** The checksum behind the payload of a message. */
export const sumBytes = 4;
