import { Type } from '../../contract/type.ts';
import type { Operation, Resource } from '../../contract/contract.ts';
import { Name, PageInput } from '../../contract/crud.ts';
import { policyTextBytesMax } from '../../policy/limits.ts';
import { roleOperationsMax } from '../policy/limits.ts';
import { closed, itemInput, listOf, one, read, Role, Title, write } from '../schema.ts';

const Text = Type.String({ minLength: 1, maxLength: policyTextBytesMax, description: 'One policy in Cedar.' });
const Policy = Type.Object({ text: Text, stepUp: Type.Boolean({ description: 'A refusal by it asks for a second factor.' }) });
const GrantedOperation = Type.String({ maxLength: 100, pattern: '^[a-z][a-z0-9]*\\.[A-Z][A-Za-z0-9]*$' });
const CustomRole = Type.Object({
  title: Title,
  operations: Type.Array(GrantedOperation, {
    minItems: 1,
    maxItems: roleOperationsMax,
    description: 'What the role may do: `<service>.<operation>`.',
  }),
});
const put = Type.Object({ name: Type.Optional(Name), text: Text }, closed);
const Because = Type.Object({
  from: Type.String({ description: 'guard, roles or own.' }),
  policy: Type.String(),
  text: Type.Optional(Type.String()),
});
const Explained = Type.Object({
  allowed: Type.Boolean(),
  reasons: Type.Array(Because),
  errors: Type.Array(Type.Object({ from: Type.String(), policy: Type.String(), message: Type.String() })),
  roles: Type.Array(Type.String()),
  facts: Type.Object({
    principal: Type.String(),
    action: Type.String(),
    resource: Type.String(),
    context: Type.Unknown(),
    attributes: Type.Unknown(),
  }),
  attributesKnown: Type.Boolean({ description: "Whether the resource's attributes are kept where this is decided." }),
});
const Question = {
  principal: Type.Optional(Type.String({ maxLength: 200, description: 'Who asks; the caller if not said.' })),
  service: Type.String({ maxLength: 40 }),
  operation: Type.String({ maxLength: 100 }),
  name: Type.Optional(Type.String({ maxLength: 1024, description: 'The resource; the collection if not said.' })),
  assurance: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 })),
};
const Draft = Type.Object({ name: Name, text: Text }, closed);
const Change = Type.Object({
  principal: Type.String(),
  service: Type.String(),
  operation: Type.String(),
  name: Type.String(),
  before: Type.Boolean(),
  after: Type.Boolean(),
});

export const policyResources = {
  Policy: {
    of: 'tenant',
    text: 'A rule of the organization, in Cedar.',
    plural: 'policies',
    spec: Policy,
    owner: 'service',
    columns: ['text'],
  },
  CustomRole: { of: 'tenant', text: 'A role that the organization made.', spec: CustomRole, owner: 'service', columns: ['title'] },
  GuardRail: {
    of: 'platform',
    text: 'A rule of the platform that only forbids, and holds for everybody.',
    spec: Policy,
    owner: 'service',
    columns: ['text'],
  },
} as const satisfies Record<string, Resource>;

export const policyOperations = {
  CreatePolicy: {
    ...write,
    on: 'Policy',
    at: 'new',
    text: 'Write a policy; it holds everywhere within a second.',
    input: put,
    output: one(Policy),
  },
  GetPolicy: { ...read, on: 'Policy', text: 'Read a policy.', input: itemInput, output: one(Policy) },
  ListPolicies: { ...read, on: 'Policy', at: 'collection', text: 'List policies.', input: PageInput, output: listOf(one(Policy)) },
  UpdatePolicy: {
    ...write,
    on: 'Policy',
    repeat: 'natural',
    text: 'Write a policy anew.',
    input: Type.Object({ text: Text }, closed),
    output: one(Policy),
  },
  DeletePolicy: { ...write, on: 'Policy', repeat: 'natural', text: 'Take a policy away.', input: itemInput, output: Type.Object({}) },
  ExplainAccess: {
    ...read,
    posted: true,
    on: 'Policy',
    at: 'collection',
    text: 'Say whether somebody may do something here, by which policies and which facts; with a draft, what would be if it were saved.',
    input: Type.Object({ ...Question, draft: Type.Optional(Draft) }, closed),
    output: Explained,
  },
  PreviewPolicy: {
    ...read,
    posted: true,
    on: 'Policy',
    at: 'collection',
    text: 'Judge a draft, and say which of the latest requests it would have decided otherwise.',
    input: Draft,
    output: Type.Object({ tried: Type.Integer(), changes: Type.Array(Change), warnings: Type.Array(Type.String()) }),
  },
  CreateCustomRole: {
    ...write,
    on: 'CustomRole',
    at: 'new',
    text: 'Make a role.',
    input: Type.Object({ name: Role, title: Type.Optional(Title), operations: CustomRole.properties.operations }, closed),
    output: one(CustomRole),
  },
  ListCustomRoles: {
    ...read,
    on: 'CustomRole',
    at: 'collection',
    text: 'List the roles that were made.',
    input: PageInput,
    output: listOf(one(CustomRole)),
  },
  DeleteCustomRole: {
    ...write,
    on: 'CustomRole',
    repeat: 'natural',
    essential: true,
    text: 'Take a role away from everybody.',
    input: itemInput,
    output: Type.Object({}),
  },
  CreateGuardRail: {
    ...write,
    on: 'GuardRail',
    at: 'new',
    text: 'Forbid something on the whole platform.',
    input: put,
    output: one(Policy),
  },
  ListGuardRails: { ...read, on: 'GuardRail', at: 'collection', text: 'List guard-rails.', input: PageInput, output: listOf(one(Policy)) },
  DeleteGuardRail: {
    ...write,
    on: 'GuardRail',
    repeat: 'natural',
    text: 'Take a guard-rail away.',
    input: itemInput,
    output: Type.Object({}),
  },
} as const satisfies Record<string, Operation>;
