/** The only reasons for which a test may be skipped. A skip for any other reason, or for none, fails. */
const allowed: readonly RegExp[] = [
  /^root may write everywhere$/,
  /^only root can /,
  /^mounting a small disk needs root$/,
  /^dash is not installed$/,
  /^needs Chromium: none of .+ is here$/,
  /^this machine has no other address$/,
  /^a file system of \d+ MiB cannot be mounted here: /,
  /^there is no .*shared\/data\/.* beside this checkout$/,
  /^other users cannot read this checkout$/,
];

/** Whether a test may be skipped for this reason. */
export const maySkip = (reason: string): boolean => allowed.some((one) => one.test(reason));
