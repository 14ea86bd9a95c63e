import type { Call, Handlers } from '#kernel/contract/call.ts';
import type { Fields } from '../../domain/json.ts';
import type { payments } from '../../service.ts';
import { missing } from '../fault.ts';
import { type Desk, deskOf, type World } from '../world.ts';

type Service = typeof payments;
export type All = Handlers<Service>;

/** One request of the API: what was given, of which object, by whom. */
export type Request = {
  readonly world: World;
  readonly desk: Desk;
  readonly id: string;
  readonly input: Fields;
  /** Whether it came from a page: with a publishable key, or with none. */
  readonly isPublic: boolean;
  readonly context: Readonly<Record<string, string>>;
};

/** Handlers of operations, each written as a function of the request that answers the object. */
export function handlersOf<const N extends keyof All>(
  world: World,
  answers: Readonly<Record<N, (request: Request) => Promise<object>>>,
): Pick<All, N> {
  const made = Object.entries<(request: Request) => Promise<object>>(answers).map(([name, answer]) => [
    name,
    async (call: Call) => {
      // No object has such an id, and no table could look for it.
      if (!/^[ -~]*$/.test(call.ref.name)) throw missing('object', call.ref.name.replaceAll(/[^ -~]/g, '?'));
      const request: Request = {
        ...{ world, desk: deskOf(world, call), id: call.ref.name, input: call.input as Fields },
        ...{ isPublic: call.caller.face === 'publishable' || call.caller.face === 'anonymous', context: call.context },
      };
      call.charge('request' as never, 1);
      return { output: await answer(request) };
    },
  ]);
  return Object.fromEntries(made) as Pick<All, N>;
}
