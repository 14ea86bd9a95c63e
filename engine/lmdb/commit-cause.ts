/** Why LMDB could not commit: its wrapper says so in a promise beside the error. The error itself where it is another. */
export function commitCause(error: unknown): Promise<unknown> {
  const { commitError } = error as { readonly commitError?: Promise<never> };
  return Promise.resolve(commitError).then(
    () => error,
    (cause: unknown) => cause,
  );
}
