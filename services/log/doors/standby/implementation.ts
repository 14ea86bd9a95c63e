import { fault } from '#kernel/contract/fault.ts';
import type { Handlers, Providers } from '#kernel/contract/call.ts';
import type { Implementation, Kernel } from '#kernel/contract/implement.ts';
import type { Provider } from '#kernel/contract/provider.ts';
import type { Needs } from '#kernel/session/part.ts';
import { openPassage, openTunnel } from './door.ts';
import { log } from '../../service.ts';
import { openFollow } from '../../store/pair/pair.ts';

const away = async (): Promise<never> => {
  throw fault('Unavailable', 'The process that leads the log is away.');
};

/** Nothing is kept open here: whoever asks is passed on, and asks here only while nobody leads. */
const provider: Provider = {
  attributes: () => undefined,
  get: away,
  list: away,
  put: away,
  delete: away,
  async *watch() {
    await away();
  },
};

const all = <T>(names: readonly string[], value: T) => Object.fromEntries(names.map((name) => [name, value]));

/** The service in a process that stands by. */
export function standBy(kernel: Kernel<Needs>, names: readonly [string, string]): Implementation<typeof log> {
  const { follow, opened, stop } = openFollow(kernel, names);
  return {
    handlers: all(Object.keys(log.operations), away) as unknown as Handlers<typeof log>,
    providers: all(Object.keys(log.resources), provider) as unknown as Providers<typeof log>,
    doors: {
      kafka: (place) => openTunnel(place, () => follow.leader?.kafka),
      registry: (place) => openPassage(place, () => follow.leader?.registry),
      http: (place) => openPassage(place, () => follow.leader?.http),
    },
    opened,
    elsewhere: () => follow.leader?.rest,
    stop,
  };
}
