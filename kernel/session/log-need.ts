import { type Log, type LogOptions, openLog, type ScopedLog } from '#seams/log/log.ts';
import { openRegistry, type Registry } from '#seams/log/registry.ts';
import type { Caller } from '../contract/caller.ts';
import { fault } from '../contract/fault.ts';
import type { Placed } from '../contract/provider.ts';
import { runningPlatform } from '../supervise/client.ts';
import { formatId } from '../tenancy/id.ts';

/** The logs of environments. Unavailable: the log is away now. */
export type Logs = {
  /** The log of an environment, in the service's own name. Each `lane` has a connection, where reading waits for no other. */
  own(at: Placed, lane: string): Promise<ScopedLog>;
  /** Does something with the log of a caller's environment, with the caller's rights. */
  as<T>(caller: Caller, work: (log: ScopedLog) => Promise<T>): Promise<T>;
  /** The schemas of an environment, in the service's own name, or with a caller's rights. */
  registry(at: Placed, caller?: Caller): Promise<Registry>;
  close(): Promise<void>;
};

type Options = {
  readonly data: string;
  /** Under which name the service comes by itself. */
  readonly name: string;
  readonly serviceToken: (caller: Caller) => Promise<string>;
  readonly ca?: string;
  /** The address of a log that is not the platform's own. Each environment has the topics whose names begin as it says. */
  readonly external?: string;
};

/** Opens the need of a log. */
export function openLogs({ data, name, serviceToken, ca, external }: Options): Logs {
  let opened: { readonly url: string; readonly log: Log } | undefined;
  let isClosed = false;

  async function address(door: 'log.kafka' | 'log.registry'): Promise<string> {
    if (door === 'log.kafka' && external !== undefined) return external;
    const doors = (await runningPlatform(data).catch(() => undefined))?.doors;
    const url = doors?.[door]?.url;
    if (url === undefined) throw fault('Unavailable', 'The log is away.');
    return url;
  }

  const open = (url: string, loginOf: NonNullable<LogOptions['loginOf']>) =>
    openLog(url, { clientId: `gamut ${name}`, ...(external === undefined ? { loginOf, ...(ca ? { ca } : {}) } : {}) });
  // Another's log knows nobody by tenant: an environment is told by its id, which names of topics begin with.
  const placeOf = ({ tenant, scope }: Placed) => (external === undefined ? `${tenant} ${scope}` : formatId(scope));

  const ownAt = ({ tenant, scope }: Placed): Caller => ({ tenant, scope, principal: name, credential: 0n, face: 'service' });
  const refuseOwn = (caller: Caller) => {
    // In its own name the service may read what a caller of that name perhaps may not.
    if (caller.principal === name) throw fault('Denied', `Nobody comes to the log as ${name}.`);
  };

  return {
    async own(at, lane) {
      const url = await address('log.kafka');
      if (isClosed) throw fault('Unavailable', 'The log is read no more.');
      if (opened?.url !== url) {
        // Another who asks at the same time finds the new one.
        const before = opened;
        const loginOf = async (place: string) => {
          const [ownTenant = '', ownScope = ''] = place.split(' ');
          return { bearer: await serviceToken(ownAt({ tenant: BigInt(ownTenant), scope: BigInt(ownScope) })) };
        };
        opened = { url, log: open(url, loginOf) };
        await before?.log.close();
      }
      return opened.log.at(placeOf(at), lane);
    },
    async as(caller, work) {
      refuseOwn(caller);
      await using log = open(await address('log.kafka'), async () => ({ bearer: await serviceToken(caller) }));
      return await work(log.at(placeOf(caller)));
    },
    async registry(at, caller) {
      if (caller) refuseOwn(caller);
      const url = await address('log.registry');
      const headers = async () => ({ 'gamut-service': await serviceToken(caller ?? ownAt(at)) });
      return openRegistry(url, { ...(ca ? { ca } : {}), headers });
    },
    async close() {
      isClosed = true;
      await opened?.log.close();
    },
  };
}
