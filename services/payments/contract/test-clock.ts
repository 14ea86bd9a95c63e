import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Found, input, List, may, nothing, page, read, Text, write } from './field.ts';
import { clockTimeMax } from './limits.ts';

const on = { on: 'TestClock' } as const;
const Time = Type.Integer({ minimum: 0, maximum: clockTimeMax, description: 'Seconds since 1970.' });

/** A time of its own for customers of tests, that goes on when it is told to. */
export const testClockOperations = {
  CreateTestClock: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Make a clock that stands at a time.',
    input: input({ frozen_time: Time, name: may(Text) }),
    output: Found,
  },
  GetTestClock: { ...on, ...read, text: 'Read a clock.', input: nothing, output: Found },
  ListTestClocks: { ...on, ...read, at: 'collection', text: 'List clocks, newest first.', input: input(page), output: List },
  AdvanceTestClock: {
    ...on,
    ...write,
    text: 'Let a clock go on to a time: all that is due until then happens, in its order.',
    input: input({ frozen_time: Time }),
    output: Found,
  },
  DeleteTestClock: {
    ...on,
    ...write,
    repeat: 'natural',
    text: 'Delete a clock with the customers that live by it; their subscriptions end.',
    input: nothing,
    output: Found,
  },
} as const satisfies Record<string, Operation>;
