import { useRoles } from './role.ts';
import './role-picker.css';

/** The roles with what each may do, one to be chosen. */
export function RolePicker({ role, onChange }: { role: string; onChange: (role: string) => void }) {
  const roles = useRoles();
  return (
    <fieldset className="roles">
      <legend>Role</legend>
      {roles.map((each) => (
        <label key={each.role} className="role" data-chosen={each.role === role || undefined}>
          <input type="radio" name="role" value={each.role} checked={each.role === role} onChange={() => onChange(each.role)} />
          <span>
            <strong>{each.role}</strong>
            <span className="role-text">{each.text}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
