import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Address, Flag, Found, Id, input, List, may, Metadata, oneOf, page, read, Text, write } from './field.ts';
import { percentMax } from './limits.ts';

const on = { on: 'Person' } as const;
const Part = Type.Integer({ minimum: 1, maximum: 9999 });
const roles = { director: may(Flag), executive: may(Flag), owner: may(Flag), representative: may(Flag) };
const described = {
  ...{ first_name: may(Text), last_name: may(Text), email: may(Text), phone: may(Text), address: may(Address), metadata: Metadata },
  ...{ nationality: may(Text), political_exposure: may(oneOf('existing', 'none')), gender: may(oneOf('female', 'male')) },
  dob: may(input({ day: Part, month: Part, year: Part })),
  ...{ id_number: may(Text), ssn_last_4: may(Type.String({ pattern: '^[0-9]{4}$' })) },
  relationship: may(input({ ...roles, percent_ownership: may(Type.Number({ minimum: 0, maximum: percentMax })), title: may(Text) })),
};

/** Who has to do with a connected account: its representative, owners and directors. */
export const personOperations = {
  CreatePerson: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Name somebody who has to do with a connected account.',
    input: input({ account: Id, ...described }),
    output: Found,
  },
  GetPerson: { ...on, ...read, text: 'Read such a person.', input: input({ account: Id }), output: Found },
  ListPersons: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List such persons, newest first.',
    input: input({ ...page, account: Id, relationship: may(input(roles)) }),
    output: List,
  },
  UpdatePerson: {
    ...on,
    ...write,
    text: 'Change what is said of such a person.',
    input: input({ account: Id, ...described }),
    output: Found,
  },
  DeletePerson: { ...on, ...write, repeat: 'natural', text: 'Take such a person away.', input: input({ account: Id }), output: Found },
} as const satisfies Record<string, Operation>;
