import { fault } from '../contract/fault.ts';
import { formatId, parseId } from '../tenancy/id.ts';

const platformLog = formatId(0n);

/** The tenant whose log has this name; that of the platform itself is 0. */
export function parseLogName(name: string): bigint {
  return name === platformLog ? 0n : parseId(name);
}

/** Whether a name could be that of a tenant's log. */
export function isLogName(name: string): boolean {
  try {
    parseLogName(name);
    return true;
  } catch {
    return false;
  }
}

/** One log's folder is what its name says and nothing else. */
export function assertLogName(name: string): void {
  if (name !== 'root' && !isLogName(name)) throw fault('NotFound', `There is no audit log called ${JSON.stringify(name)}.`);
}
