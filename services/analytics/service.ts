import { defineService } from '#kernel/contract/contract.ts';
import { Type } from '#kernel/contract/type.ts';
import { AlertEvent, ReceiverSpec, SilenceSpec } from '#kernel/alert/contract.ts';
import { receiversMax, rulesMax, silencesMax } from '#kernel/alert/limits.ts';
import { countQuota } from '#kernel/contract/crud.ts';
import { AlertRuleSpec, viewAlertOperations } from './contract/alert.ts';
import { connectionOperations } from './contract/connection.ts';
import { dashboardOperations, DashboardSpec } from './contract/dashboard.ts';
import { functionOperations } from './contract/function.ts';
import { dashboardsMax } from './contract/limits.ts';
import { queryOperations } from './contract/query.ts';
import { relationOperations } from './contract/relation.ts';
import { rowTypeOperations } from './contract/row-type.ts';
import { tableOperations } from './contract/table.ts';

const spec = Type.Object({});
const kind = (text: string) => ({ of: 'scope', text, spec, owner: 'service' }) as const;

const shown = ['AlertRule', 'Receiver', 'Silence', 'Dashboard'] as const;
const readingShown = shown.flatMap((each) => [`Get${each}`, `List${each}s`, `Watch${each}s`] as const);
const writingShown = shown.flatMap((each) => [`Create${each}`, `Update${each}`, `Delete${each}`] as const);

/** Where answers say the type of a column. */
const ofTypes = [
  ...['CreateSource', 'CreateTable', 'CreateView', 'GetView'].map((name) => `/operations/${name}/output/columns/items/type`),
  ...['ListSources', 'ListTables', 'ListViews'].map((name) => `/operations/${name}/output/items/items/columns/items/type`),
  ...['FindRows', 'ReadSource', 'ReadTable', 'ReadView', 'WriteTable'].map((name) => `/operations/${name}/output/fields/items/type`),
];

/** Where types are said, which are no list of names any more. */
const saidTypes = [
  '/operations/CreateSource/input/columns/items/type',
  ...['UpdateSource', 'UpdateTable'].map((name) => `/operations/${name}/input/add/type`),
  ...['ReadSource', 'ReadTable', 'ReadView', 'WriteTable'].map((name) => `/operations/${name}/input/types/items`),
];

/** Analytics: SQL views over topics, kept up as records come, behind the PostgreSQL protocol. */
export const analytics = defineService({
  name: 'analytics',
  title: 'Analytics',
  text: 'SQL views over topics and tables, kept up exactly once as records come, behind the PostgreSQL protocol.',
  version: 5,
  withdrawn: {
    // A sink may lead elsewhere than into a topic.
    2: ['/operations/CreateSink/output/target', '/operations/ListSinks/output/items/items/target'],
    // Columns may be of types that were not known before; from 4 on of arrays, from 5 on of rows.
    3: ofTypes,
    4: ofTypes,
    // What lies elsewhere may be looked up instead of followed, a source may name the time of processing, and a sink may
    // write Protobuf.
    5: [
      ...[...ofTypes, ...saidTypes],
      ...['/operations/CreateSink/output/target/format', '/operations/ListSinks/output/items/items/target/format'],
      ...['origin', 'format'].flatMap((field) => [
        `/operations/CreateSource/output/${field}`,
        `/operations/ListSources/output/items/items/${field}`,
      ]),
    ],
  },
  resources: {
    Source: kind('A topic as a table of its records.'),
    View: kind('A SELECT over sources and views, kept up with them.'),
    Query: { ...kind('A SELECT under a name, which is expanded wherever it is named: a plain view.'), plural: 'queries' },
    Type: kind('The names and types of the fields of rows.'),
    Table: kind('Rows that statements change, and whose changes go into a topic.'),
    Sink: kind('A SELECT over sources and views, whose changes go into a topic or over a connection.'),
    Function: kind('An expression over parameters, which statements call.'),
    Connection: kind('What leads to another system, with the secrets for it.'),
    AlertRule: {
      ...{ of: 'scope', text: 'When somebody is to be told of rows of a view.', spec: AlertRuleSpec, owner: 'kernel' },
      columns: ['view', 'when', 'severity'],
    },
    Receiver: { of: 'scope', text: 'Who is told of alerts.', spec: ReceiverSpec, owner: 'kernel', columns: ['kind', 'url'] },
    Silence: { of: 'scope', text: 'A time in which nobody is told.', spec: SilenceSpec, owner: 'kernel', columns: ['rule', 'until'] },
    Dashboard: { of: 'scope', text: 'Queries side by side, kept up as views change.', spec: DashboardSpec, owner: 'kernel' },
    Alert: kind('A rule whose condition holds, or held lately.'),
  },
  meters: {},
  quotas: {
    rules: countQuota('AlertRule', rulesMax, 'Alert rules of one environment.'),
    receivers: countQuota('Receiver', receiversMax, 'Receivers of one environment.'),
    dashboards: countQuota('Dashboard', dashboardsMax, 'Dashboards of one environment.'),
    silences: countQuota('Silence', silencesMax, 'Silences of one environment.'),
  },
  events: {
    AlertFired: { data: AlertEvent, text: 'An alert fires.' },
    AlertResolved: { data: AlertEvent, text: 'An alert that fired is resolved.' },
  },
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
  operations: {
    ...relationOperations,
    ...queryOperations,
    ...tableOperations,
    ...rowTypeOperations,
    ...connectionOperations,
    ...functionOperations,
    ...viewAlertOperations,
    ...dashboardOperations,
  },
  roles: {
    auditor: ['ListSources', 'ListTables', 'ListViews', 'ListQueries', 'ListSinks', 'ListTypes', 'ListConnections', 'ListFunctions'],
    reader: [
      'auditor',
      'ReadSource',
      'ReadTable',
      'ReadView',
      'FindRows',
      'ScanView',
      'SubscribeView',
      'SubscribeTable',
      'WatchView',
      'GetView',
      'UnderstandStatement',
      'ListAlerts',
      ...readingShown,
    ],
    editor: [
      'reader',
      'CreateSource',
      'CreateView',
      'UpdateSource',
      'UpdateView',
      'UpdateSink',
      'UpdateTable',
      'DeleteSource',
      'DeleteView',
      'CreateSink',
      'DeleteSink',
      'CreateTable',
      'DeleteTable',
      'WriteTable',
      'CreateQuery',
      'UpdateQuery',
      'DeleteQuery',
      'CommitQuery',
      'CreateType',
      'DeleteType',
      'CommitType',
      'CreateIndex',
      'DeleteIndex',
      'LoadTable',
      'CommitTable',
      'CommitSource',
      'CommitView',
      'CommitSink',
      'UseConnection',
      'CreateFunction',
      'DeleteFunction',
      ...writingShown,
    ],
    admin: ['editor', 'CreateConnection', 'UpdateConnection', 'DeleteConnection'],
    owner: ['admin'],
  },
});
