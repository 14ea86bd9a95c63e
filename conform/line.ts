import type { Check } from './client.ts';
import { tryCommand } from './command.ts';

/** Runs a program that prints a check per line, as JSON; `input` is what it reads. One that ends early adds a failed check. */
export async function lineChecks(
  program: readonly string[],
  input?: unknown,
  env: Readonly<Record<string, string>> = {},
): Promise<Check[]> {
  const { code, out, err } = await tryCommand([...program], { env, ...(input === undefined ? {} : { input: JSON.stringify(input) }) });
  const lines = out.split('\n').filter((line) => line.startsWith('{'));
  const checks = lines.map((line) => JSON.parse(line) as Check);
  if (code !== 0) checks.push({ title: 'the program ran to its end', ok: false, detail: `exit ${code}: ${err.slice(-1500)}` });
  return checks;
}
