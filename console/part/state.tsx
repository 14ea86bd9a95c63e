import { adviceFor, type Problem } from '../api/problem.ts';
import { Button } from './button.tsx';
import { CopyButton } from './copy.tsx';
import { Icon, type IconName } from './icon.tsx';
import { StatusMark } from './status.tsx';
import './state.css';

/** The shape of what comes: grey lines where a table's or a page's text will stand. */
export function Waiting({ rows = 6, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <div className="waiting" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="waiting-row">
          <span style={{ width: `${28 - ((row * 7) % 13)}%` }} />
          <span style={{ width: `${16 + ((row * 5) % 9)}%` }} />
          <span style={{ width: '9%' }} />
        </div>
      ))}
    </div>
  );
}

/** What this place is, why one wants it, and the one thing to do. */
export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName;
  title: string;
  children?: React.ReactNode;
  action?: React.ReactNode;
}) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={20} />
      </span>
      <h2>{title}</h2>
      {children && <p className="dim">{children}</p>}
      {action && <div className="row">{action}</div>}
    </div>
  );
}

/** A refusal: its sentence, what to try, its code and the request's id. `brief` leaves out what the page around says anyway. */
export function Refusal({ problem, again, compact, brief }: { problem: Problem; again?: () => void; compact?: boolean; brief?: boolean }) {
  const advice = brief ? undefined : adviceFor(problem);
  const headline = (brief && problem.detail) || problem.title;
  return (
    <div className={`refusal${compact ? ' refusal-compact' : ''}`} role="alert">
      <StatusMark tone="bad" />
      <div className="grow stack tight">
        <p className="refusal-title">{headline}</p>
        {problem.detail && headline !== problem.detail && <p>{problem.detail}</p>}
        {advice && <p className="dim">{advice}</p>}
        <p className="refusal-facts">
          <span className="mono">{problem.code}</span>
          {problem.path && (
            <span>
              at <span className="mono">{problem.path}</span>
            </span>
          )}
          {problem.requestId && (
            <span className="row refusal-request">
              request <span className="mono">{problem.requestId}</span>
              <CopyButton text={problem.requestId} label="Copy the request id" />
            </span>
          )}
        </p>
      </div>
      {again && (
        <Button size="small" icon="refresh" onClick={again}>
          Try again
        </Button>
      )}
    </div>
  );
}
