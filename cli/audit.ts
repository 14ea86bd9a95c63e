import { fault } from '#kernel/contract/fault.ts';
import { key } from './audit/key.ts';
import { exportEvents, proveRecord, tail } from './audit/read.ts';
import { verify } from './audit/verify.ts';
import type { Global } from './global.ts';

const verbs: Readonly<Record<string, (argv: string[], global: Global) => Promise<number>>> = {
  verify,
  tail,
  export: exportEvents,
  prove: proveRecord,
  key,
};

/** `gamut audit VERB`: the audit log, with a running platform or by its files alone. */
export async function run([verb = '', ...argv]: string[], global: Global): Promise<number> {
  const work = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (!work) throw fault('Usage', `gamut audit has ${Object.keys(verbs).join(', ')}; not ${JSON.stringify(verb)}.`);
  return work(argv, global);
}
