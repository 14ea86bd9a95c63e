/** Longest mail address in characters (RFC 5321 4.5.3.1.3, less the angle brackets). */
export const addressLengthMax = 254;
/** Longest subject in characters. */
export const subjectLengthMax = 200;
/** Largest text, and largest HTML form, of a mail in bytes. */
export const textMaxBytes = 256 * 1024;
/** Most mails that are being sent at a time; more are refused as unreachable, to be repeated. */
export const sendingMax = 16;
/** Milliseconds to wait for a connection to the mail server. */
export const connectMs = 10_000;
/** Milliseconds to wait for the mail server's greeting. */
export const greetingMs = 10_000;
/** Milliseconds that the mail server may be silent in the middle of a mail. */
export const silenceMs = 30_000;
