/** Tests that may be skipped, by a part of their title, with the only reason for which they may be. Any other skip fails. */
export const allowedSkips: readonly { readonly title: RegExp; readonly reason: string }[] = [
  { title: /corpus|sandbox|hand-written cases/i, reason: 'the public test data beside the checkout (../shared) is not there' },
  { title: /as an ordinary user|as root|mount|tmpfs|read-only/i, reason: 'the machine does not let this user mount or change users' },
  { title: /browser|chromium/i, reason: 'no Chromium is installed and none could be' },
  { title: /from elsewhere|non-loopback/i, reason: 'the machine has no other address than loopback' },
];

/** The reason for which a test of this title may be skipped, or undefined. */
export function skipReason(title: string): string | undefined {
  return allowedSkips.find((allowed) => allowed.title.test(title))?.reason;
}
