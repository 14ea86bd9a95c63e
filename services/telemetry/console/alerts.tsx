import { AlertList } from '#console/view/alert-list.tsx';

/** Alerts of metrics, operations and objectives. */
export const Alerts = () => (
  <AlertList
    service="telemetry"
    text="A rule watches a metric or the calls of an operation, and tells whom you name when it leaves its bounds."
  />
);
