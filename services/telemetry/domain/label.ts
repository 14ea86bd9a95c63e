import { fault } from '#kernel/contract/fault.ts';
import type { Labels } from './point.ts';

/** Labels written name=value. */
export function labelsOf(given: readonly string[] = []): Labels {
  return Object.fromEntries(
    given.map((each) => {
      const equals = each.indexOf('=');
      if (equals < 1) throw fault('BadInput', { path: '/where', detail: 'A label is written name=value.' });
      return [each.slice(0, equals), each.slice(equals + 1)];
    }),
  );
}
