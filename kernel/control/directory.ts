import { fault } from '../contract/fault.ts';
import type { Gate } from '../contract/session.ts';
import { type DirectoryQuestion, directoryOperations } from '../session/directory.ts';
import type { Context } from './context.ts';
import type { platform } from './service.ts';

/**
 * Answers a service that asks for policies or credentials in a caller's name. The token says who the caller is and which
 * process asks; the service's contract has to say that it has this need.
 */
export async function askDirectory(
  context: Pick<Context, 'contracts'>,
  gate: Gate<typeof platform>,
  process: string,
  { token, operation, name, input }: DirectoryQuestion,
): Promise<unknown> {
  const wanted = directoryOperations.find((known) => known === operation);
  if (!wanted) throw fault('NoSuchOperation', String(operation));
  const contract = (await context.contracts()).find((known) => process === known.name || process.startsWith(`${known.name}-`));
  if (!Object.values(contract?.needs ?? {}).some(({ seam }) => seam === 'directory'))
    throw fault('Denied', `${process} has no need of the directory.`);
  const session = gate.present('service', { token });
  try {
    if (session.caller.via !== process) throw fault('Denied', 'The token is of another process.');
    return (await session.invoke(wanted, String(name), input as never)).output;
  } finally {
    session.end();
  }
}
