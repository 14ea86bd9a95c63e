/** Longest time in seconds for which a presigned address may be valid: seven days, as S3 allows. */
export const presignedMaxSeconds = 604_800;

/** Longest Authorization header in characters that is read. */
export const authorizationLimit = 8192;

/** Most signed headers that a request may name. */
export const signedHeadersMax = 200;

/** Most query parameters that a request may have. */
export const queryParametersMax = 1000;
