import { addressOf } from './customer.ts';
import { type Fields, fieldsOf, merged, type Thing } from './json.ts';

type Own = { readonly id: string; readonly created: number; readonly account: string };

const said = ['first_name', 'last_name', 'email', 'phone', 'nationality', 'political_exposure', 'gender'] as const;
const roles: Fields = {
  ...{ authorizer: null, director: false, executive: false, legal_guardian: null, owner: false, percent_ownership: null },
  ...{ representative: false, title: null },
};
const noBirth: Fields = { day: null, month: null, year: null };

/** Somebody who has to do with a connected account. */
export function newPerson(given: Fields, { id, created, account }: Own): Thing {
  const made: Thing = {
    ...{ id, object: 'person', account, address: addressOf({}), created, dob: noBirth, email: null, first_name: null },
    ...{ gender: null, id_number_provided: false, last_name: null, metadata: {}, nationality: null, phone: null },
    ...{ political_exposure: 'none', relationship: roles, ssn_last_4_provided: false },
    verification: { details: null, details_code: null, document: { back: null, details: null, details_code: null, front: null } },
  };
  return changedPerson(made, given);
}

export function changedPerson(before: Thing, given: Fields): Thing {
  const next: Thing = { ...before, metadata: merged(before.metadata, given.metadata) };
  for (const name of said) if (given[name] !== undefined) next[name] = given[name];
  for (const name of ['address', 'dob', 'relationship'] as const)
    if (given[name] != null) next[name] = { ...fieldsOf(before[name]), ...fieldsOf(given[name]) };
  // The numbers themselves are kept nowhere: nothing here needs them.
  if (given.id_number != null) next.id_number_provided = true;
  if (given.ssn_last_4 != null) next.ssn_last_4_provided = true;
  return withRequirements(next);
}

const wanted = ['first_name', 'last_name', 'dob.day', 'dob.month', 'dob.year', 'address.line1', 'address.city', 'address.postal_code'];

function withRequirements(person: Thing): Thing {
  const isThere = (path: string) => {
    const [name = '', part] = path.split('.');
    const value = part === undefined ? person[name] : fieldsOf(person[name])[part];
    return value !== null && value !== undefined && value !== '';
  };
  const due = wanted.filter((path) => !isThere(path)).toSorted();
  const none = { alternatives: [], currently_due: [], errors: [], eventually_due: [], past_due: [], pending_verification: [] };
  const requirements: Fields = { ...none, currently_due: due, eventually_due: due };
  const verification: Fields = { ...fieldsOf(person.verification), status: due.length === 0 ? 'verified' : 'unverified' };
  return { ...person, requirements, future_requirements: none, verification };
}
