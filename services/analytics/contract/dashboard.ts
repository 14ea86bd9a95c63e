import { crud } from '#kernel/contract/crud.ts';
import { Type } from '#kernel/contract/type.ts';
import { panelsMax, titleMax } from './limits.ts';
import { closed, Text } from './part.ts';

const Panel = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: titleMax }),
    query: Type.String({
      ...Text,
      description: 'A SELECT from views, tables or sources; it is asked again when one of the views changes.',
    }),
    show: Type.Enum(['table', 'bars', 'number'], {
      description: 'Rows, a bar for each row by its last number, or the last value of the first row.',
    }),
    wide: Type.Optional(Type.Boolean({ description: 'It takes the whole width.' })),
  },
  closed,
);

export const DashboardSpec = Type.Object(
  {
    title: Type.Optional(Type.String({ minLength: 1, maxLength: titleMax })),
    panels: Type.Array(Panel, { maxItems: panelsMax, description: 'Queries, in the order in which they are shown.' }),
  },
  closed,
);

/** Dashboards are resources of the kernel. */
export const dashboardOperations = { ...crud({ kind: 'Dashboard', title: 'dashboard', spec: DashboardSpec }) } as const;
