import type { ServicePages } from '#console/service-page.ts';
import { AlertList } from '#console/view/alert-list.tsx';
import { connectPostgres } from './connect.ts';
import { Dashboard } from './dashboard.tsx';
import { Editor } from './editor.tsx';
import { AnalyticsOverview } from './overview.tsx';
import { ViewPage } from './view-page.tsx';
import './analytics.css';

const Alerts = () => (
  <AlertList service="analytics" text="A rule watches the rows of a view, and tells whom you name when its condition holds." />
);

/** Analytics' own pages: SQL with live answers, views at work, dashboards, alerts. */
const pages: ServicePages = {
  why: {
    views: 'A view is a SELECT that is kept up as records come, each counted once.',
    queries: 'A query is a SELECT under a name, a plain view: it is asked anew whenever something names it.',
    sources: 'A source reads a topic as a table.',
    dashboards: 'A dashboard shows queries side by side, and changes when the views change that they ask.',
    'alert-rules': 'A rule watches the rows of a view, and tells whom you name when its condition holds.',
    receivers: 'Who is told of alerts: an Alertmanager, or an address that takes the shape of its webhooks.',
    silences: 'While you mend something, nobody needs to be woken by it.',
  },
  order: [
    'views',
    'queries',
    'dashboards',
    'sources',
    'tables',
    'sinks',
    'connections',
    'functions',
    'alerts',
    'alert-rules',
    'receivers',
    'silences',
  ],
  overview: AnalyticsOverview,
  places: [{ path: 'sql', title: 'SQL', page: Editor, operation: 'UnderstandStatement' }],
  lists: { alerts: Alerts },
  things: { views: ViewPage },
  tabs: { dashboards: [{ path: '', title: 'Dashboard', page: Dashboard }] },
  connect: { postgres: connectPostgres },
};

export default pages;
