import type { Operation } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { connectionKinds } from '../domain/connection.ts';
import { addressMax, bucketMax, certificateMax, loginMax } from './limits.ts';
import { closed, Name, none, read, write } from './part.ts';

const Kind = Type.Enum([...connectionKinds], { description: 'What it leads to.' });
const Connection = Type.Object({
  name: Type.String(),
  kind: Kind,
  address: Type.String({ description: 'Where it leads, without login and secrets.' }),
});
const Login = Type.Optional(Type.String({ minLength: 1, maxLength: loginMax }));
const spec = {
  kind: Kind,
  url: Type.String({ minLength: 1, maxLength: addressMax, description: 'The address; of PostgreSQL with its login.' }),
  ca: Type.Optional(Type.String({ maxLength: certificateMax, description: "The authority of the other side's certificate, in PEM." })),
  authorization: Login,
  bucket: Type.Optional(Type.String({ maxLength: bucketMax })),
  region: Type.Optional(Type.String({ maxLength: bucketMax })),
  accessKeyId: Login,
  secretAccessKey: Login,
};

/** The operations on connections. */
export const connectionOperations = {
  CreateConnection: {
    ...write,
    on: 'Connection',
    at: 'new',
    text: 'Make a connection to another system: its address with the login, which is sealed and never shown.',
    input: Type.Object({ name: Name, ...spec }, closed),
    output: Connection,
  },
  UpdateConnection: {
    ...write,
    on: 'Connection',
    text: 'Let a connection lead to another address of the same kind, or with other secrets.',
    input: Type.Object(spec, closed),
    output: Connection,
  },
  ListConnections: {
    ...read,
    on: 'Connection',
    at: 'collection',
    text: 'List connections in order of name.',
    input: none,
    output: Type.Object({ items: Type.Array(Connection) }),
  },
  DeleteConnection: {
    ...write,
    on: 'Connection',
    essential: true,
    text: 'Drop a connection that no source or sink needs.',
    input: none,
    output: Type.Object({}),
  },
  UseConnection: {
    ...write,
    on: 'Connection',
    text: 'Let a source or sink go over a connection; asked by itself, it says whether what the connection leads to answers.',
    input: none,
    output: Type.Object({}),
  },
} as const satisfies Readonly<Record<string, Operation>>;
