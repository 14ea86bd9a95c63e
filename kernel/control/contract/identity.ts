import { Type } from '../../contract/type.ts';
import { Name, PageInput } from '../../contract/crud.ts';
import type { Operation, Resource } from '../../contract/contract.ts';
import { closed, itemInput, listOf, one, read, Role, ServiceAccount, SessionItem, Title, write } from '../schema.ts';

/** Programs with a name, and the sessions that are open. */
export const identityResources = {
  ServiceAccount: {
    of: 'tenant',
    text: 'A program that acts here under a name of its own; credentials are made for it.',
    spec: ServiceAccount,
    owner: 'service',
    columns: ['title', 'role'],
  },
  Session: { of: 'tenant', text: 'Browser sessions that may act here.', spec: SessionItem, owner: 'service' },
} as const satisfies Record<string, Resource>;

export const identityOperations = {
  CreateServiceAccount: {
    ...write,
    on: 'ServiceAccount',
    at: 'new',
    text: 'Make a service account.',
    input: Type.Object(
      { name: Type.Optional(Name), title: Type.Optional(Title), role: Role, environment: Type.Optional(Type.String({ maxLength: 100 })) },
      closed,
    ),
    output: one(ServiceAccount),
  },
  GetServiceAccount: { ...read, on: 'ServiceAccount', text: 'Read a service account.', input: itemInput, output: one(ServiceAccount) },
  ListServiceAccounts: {
    ...read,
    on: 'ServiceAccount',
    at: 'collection',
    text: 'List service accounts.',
    input: PageInput,
    output: listOf(one(ServiceAccount)),
  },
  DeleteServiceAccount: {
    ...write,
    on: 'ServiceAccount',
    repeat: 'natural',
    essential: true,
    text: 'End a service account with all its credentials.',
    input: itemInput,
    output: Type.Object({}),
  },
  ListSessions: {
    ...read,
    on: 'Session',
    at: 'collection',
    text: 'List the browser sessions that may act in this organization.',
    input: itemInput,
    output: Type.Object({ items: Type.Array(SessionItem) }),
  },
  RevokeSession: {
    ...write,
    on: 'Session',
    repeat: 'natural',
    essential: true,
    text: 'End a browser session.',
    input: itemInput,
    output: Type.Object({}),
  },
} as const satisfies Record<string, Operation>;
