-- Fields are shown in the order in which a contract has them, which jsonb does not keep.
alter table contract alter column body type json using body::json;
