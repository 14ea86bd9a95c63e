/** Reasons for which a client may be left out. A client that is left out for any other reason has failed. */
const allowed: readonly RegExp[] = [
  /^[a-z0-9.+-]+ is not installed, and only root may install it$/,
  /^[a-z0-9.+-]+ is not installed, and this is no Debian$/,
  /^go is not installed$/,
];

/** Whether a client may be left out for this reason. */
export const maySkip = (reason: string): boolean => allowed.some((one) => one.test(reason));
