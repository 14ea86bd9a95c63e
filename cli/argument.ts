import { fault } from '#kernel/contract/fault.ts';

/** Refuses arguments where a command takes none. */
export function noArguments(argv: readonly string[]): void {
  if (argv.length > 0) throw fault('Usage', `${JSON.stringify(argv[0])} is not an option here.`);
}
