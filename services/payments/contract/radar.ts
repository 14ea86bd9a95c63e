import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { itemTypes } from '../domain/value-list.ts';
import { Found, Id, input, List, may, Metadata, nothing, oneOf, page, read, Text, write } from './field.ts';
import { listValueMax } from './limits.ts';

const warning = { on: 'EarlyFraudWarning' } as const;
const list = { on: 'ValueList' } as const;
const item = { on: 'ValueListItem' } as const;
const Alias = Type.String({ pattern: '^[a-z0-9_-]{1,100}$', description: 'The name that rules ask for, as in @alias.' });
const Value = Type.String({ minLength: 1, maxLength: listValueMax });

/** What Stripe's API has of Radar, beside reviews: warnings, and lists that rules ask for. */
export const radarOperations = {
  GetEarlyFraudWarning: { ...warning, ...read, text: "Read an issuer's warning of a fraud.", input: nothing, output: Found },
  ListEarlyFraudWarnings: {
    ...warning,
    ...read,
    at: 'collection',
    text: "List issuers' warnings of frauds, newest first.",
    input: input({ ...page, charge: may(Id), payment_intent: may(Id) }),
    output: List,
  },
  CreateValueList: {
    ...list,
    ...write,
    at: 'collection',
    text: 'Make a list of values that rules ask for.',
    input: input({ alias: Alias, name: Text, item_type: may(oneOf(...itemTypes)), metadata: Metadata }),
    output: Found,
  },
  GetValueList: { ...list, ...read, text: 'Read a list, with its newest values.', input: nothing, output: Found },
  ListValueLists: {
    ...list,
    ...read,
    at: 'collection',
    text: 'List lists of values, newest first.',
    input: input({ ...page, alias: may(Text), contains: may(Text) }),
    output: List,
  },
  UpdateValueList: {
    ...list,
    ...write,
    text: 'Change what is said of a list; its type stays.',
    input: input({ alias: may(Alias), name: may(Text), metadata: Metadata }),
    output: Found,
  },
  DeleteValueList: { ...list, ...write, repeat: 'natural', text: 'Delete a list that no rule asks for.', input: nothing, output: Found },
  CreateValueListItem: {
    ...item,
    ...write,
    at: 'collection',
    text: 'Put a value on a list; it holds within a second.',
    input: input({ value_list: Id, value: Value }),
    output: Found,
  },
  GetValueListItem: { ...item, ...read, text: 'Read a value of a list.', input: nothing, output: Found },
  ListValueListItems: {
    ...item,
    ...read,
    at: 'collection',
    text: 'List the values of a list, newest first.',
    input: input({ ...page, value_list: Id, value: may(Value) }),
    output: List,
  },
  DeleteValueListItem: { ...item, ...write, repeat: 'natural', text: 'Take a value off a list.', input: nothing, output: Found },
} as const satisfies Record<string, Operation>;
