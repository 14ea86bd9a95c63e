import { pollEveryMs } from '../limits.ts';
import type { Tone } from '../part/status.tsx';
import { useOperation } from './call.ts';
import type { Thing } from './pages.ts';

export type KeyState = 'enabled' | 'disabled' | 'pending' | 'destroyed';
export type KeyThing = Thing & {
  readonly spec: {
    readonly title: string;
    readonly arn: string;
    readonly state: KeyState;
    readonly versions: number;
    readonly imported: boolean;
    readonly strict: boolean;
    readonly destroyAt?: number;
  };
};

/** The organization's own ring, which lies under every other key. */
export const ringName = 'default';

export function useKeys() {
  return useOperation<{ items: readonly KeyThing[]; next?: string }>('platform', 'ListKeys', '', { limit: 1000 }, { everyMs: pollEveryMs });
}

export function useKey(name: string) {
  return useOperation<KeyThing>('platform', 'GetKey', name, {}, { everyMs: pollEveryMs });
}

/** What a state is called, and what it means for what lies under the key. */
export const keyStates: Readonly<Record<KeyState, { readonly tone: Tone; readonly word: string; readonly means: string }>> = {
  enabled: { tone: 'ok', word: 'in use', means: 'What lies under it can be read, and new data can be put under it.' },
  disabled: {
    tone: 'warn',
    word: 'disabled',
    means: 'Nothing under it can be read or written until it is enabled again. Nothing is lost.',
  },
  pending: {
    tone: 'bad',
    word: 'to be destroyed',
    means: 'Nothing under it can be read or written. Until the day of its destruction it can be kept; after that, never again.',
  },
  destroyed: { tone: 'note', word: 'destroyed', means: 'Its material is overwritten. What lay under it is unreadable for ever.' },
};
