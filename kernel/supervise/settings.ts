import type { Settings } from './protocol.ts';

/** The settings of one start: what was asked for, and the usual for the rest. */
export function settingsOf(asked: Partial<Settings>): Settings {
  return { ports: 'usual', open: false, host: '127.0.0.1', region: 'us-east-1', services: [], ...asked };
}
