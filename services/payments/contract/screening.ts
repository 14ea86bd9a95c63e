import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { Found, Id, input, List, may, oneOf, page, read, Text, write } from './field.ts';
import { listAliasesMax, listEntriesMax, screeningNameMax } from './limits.ts';

const on = { on: 'ScreeningList' } as const;
const Name = Type.String({ minLength: 1, maxLength: screeningNameMax });
const Day = Type.String({ pattern: '^[0-9]{4}(-[0-9]{2}){0,2}$', description: 'YYYY-MM-DD, YYYY-MM or YYYY.' });

const Entry = input({
  id: Id,
  name: Name,
  type: may(oneOf('individual', 'entity', 'vessel', 'aircraft')),
  aliases: may(Type.Array(Name, { maxItems: listAliasesMax })),
  birth_dates: may(Type.Array(Day, { maxItems: listAliasesMax })),
  countries: may(Type.Array(Text, { maxItems: listAliasesMax })),
});

/** Lists of who must not be paid or pay, and names that are looked for on them. */
export const screeningOperations = {
  PutScreeningList: {
    ...on,
    ...write,
    at: 'collection',
    text: 'Put a list in place of the one of its name; all customers are screened anew.',
    input: input({ name: Type.String({ pattern: '^[a-z0-9_]{1,40}$' }), entries: Type.Array(Entry, { maxItems: listEntriesMax }) }),
    output: Found,
  },
  ListScreeningLists: { ...on, ...read, at: 'collection', text: 'List the lists.', input: input(page), output: List },
  ScreenName: {
    ...on,
    ...read,
    posted: true,
    at: 'collection',
    text: 'Say whom on the lists a name may mean: by any alias, in another script, spelling or order, and with slips.',
    input: input({ name: Name, birth_date: may(Day), country: may(Text) }),
    output: Type.Object({
      object: Type.String(),
      matches: Type.Array(
        Type.Object({
          list: Type.String(),
          entry: Type.String(),
          name: Type.String(),
          score: Type.Number(),
          reasons: Type.Array(Type.String()),
        }),
      ),
    }),
  },
  ListScreeningMatches: {
    ...on,
    ...read,
    at: 'collection',
    text: 'List the customers that were found on a list when it changed.',
    input: input({ ...page, customer: may(Id) }),
    output: List,
  },
} as const satisfies Record<string, Operation>;
