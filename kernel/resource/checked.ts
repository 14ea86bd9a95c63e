/** Calls, once a spec is checked. */
export const checked =
  <Call, Reply>(next: (call: Call) => Promise<Reply>, check: (spec: unknown, call: Call) => void | Promise<void>) =>
  async (call: Call): Promise<Reply> => {
    await check((call as { input: { spec?: unknown } }).input.spec, call);
    return await next(call);
  };
