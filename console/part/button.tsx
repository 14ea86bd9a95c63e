import { Link } from 'react-router';
import { Icon, type IconName } from './icon.tsx';
import './button.css';

type Look = { look?: 'main' | 'plain' | 'quiet' | 'danger'; icon?: IconName; size?: 'small' };
type Own = Look & { children?: React.ReactNode; label?: string };

function classOf({ look = 'plain', size }: Look, bare: boolean): string {
  return `button button-${look}${size ? ` button-${size}` : ''}${bare ? ' button-bare' : ''}`;
}

/** A button; `label` names it where it shows an icon only, `busy` keeps its width and forbids a second press. */
export function Button({
  look,
  icon,
  size,
  label,
  children,
  busy,
  ...rest
}: Own & { busy?: boolean; 'data-autofocus'?: boolean } & Omit<React.ButtonHTMLAttributes<HTMLButtonElement>, 'children'>) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      aria-busy={busy || undefined}
      disabled={rest.disabled || busy}
      className={classOf({ look, size }, children === undefined)}
    >
      {busy ? <span className="button-wait" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** An address that looks like a button. */
export function LinkButton({ look, icon, size, label, children, to }: Own & { to: string }) {
  return (
    <Link to={to} aria-label={label} className={classOf({ look, size }, children === undefined)}>
      {icon && <Icon name={icon} />}
      {children}
    </Link>
  );
}
