import { defineService } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { connectionOperations } from './contract/connection.ts';
import { functionOperations } from './contract/function.ts';
import { relationOperations } from './contract/relation.ts';
import { tableOperations } from './contract/table.ts';

const spec = Type.Object({});
const kind = (text: string) => ({ of: 'scope', text, spec, owner: 'service' }) as const;

/** Analytics: SQL views over topics, kept up as records come, behind the PostgreSQL protocol. */
export const analytics = defineService({
  name: 'analytics',
  title: 'Analytics',
  text: 'SQL views over topics and tables, kept up exactly once as records come, behind the PostgreSQL protocol.',
  version: 1,
  resources: {
    Source: kind('A topic as a table of its records.'),
    View: kind('A SELECT over sources and views, kept up with them.'),
    Table: kind('Rows that statements change, and whose changes go into a topic.'),
    Sink: kind('A SELECT over sources and views, whose changes go into a topic or over a connection.'),
    Function: kind('An expression over parameters, which statements call.'),
    Connection: kind('What leads to another system, with the secrets for it.'),
  },
  meters: {},
  quotas: {},
  events: {},
  errors: { StatementRefused: { status: 400, retry: false, text: 'The statement cannot be carried out.' } },
  needs: {
    sql: { seam: 'sql', scope: 'caller', optional: false },
    log: { seam: 'log', scope: 'caller', optional: false },
  },
  doors: {
    postgres: {
      protocol: 'postgresql',
      port: 5432,
      faces: ['sasl'],
      anonymous: 'never',
      text: 'SQL over the PostgreSQL protocol: psql -h 127.0.0.1 -p PORT -U CREDENTIAL_ID, with the sasl password.',
    },
  },
  operations: { ...relationOperations, ...tableOperations, ...connectionOperations, ...functionOperations },
  roles: {
    auditor: ['ListSources', 'ListTables', 'ListViews', 'ListSinks', 'ListConnections', 'ListFunctions'],
    reader: ['auditor', 'ReadSource', 'ReadTable', 'ReadView', 'FindRows', 'SubscribeView', 'SubscribeTable', 'WatchView'],
    editor: [
      'reader',
      'CreateSource',
      'CreateView',
      'DeleteSource',
      'DeleteView',
      'CreateSink',
      'DeleteSink',
      'CreateTable',
      'DeleteTable',
      'WriteTable',
      'LoadTable',
      'CommitTable',
      'UseConnection',
      'CreateFunction',
      'DeleteFunction',
    ],
    admin: ['editor', 'CreateConnection', 'UpdateConnection', 'DeleteConnection'],
    owner: ['admin'],
  },
});
