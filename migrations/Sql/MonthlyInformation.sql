-- That a month's consumption can be looked at, told to one recipient: one row ever for each member, month and recipient.
CREATE TABLE market.consumption_letters (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    member_id integer NOT NULL,
    -- Its first day.
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    -- Null where the letter goes to the address of the billing details.
    account_id uuid,
    recipient text NOT NULL,
    -- 1 waits, 2 is being sent, 3 sent, 4 failed, 5 broken off while being sent, 6 refused by the recipient, 7 no address, 8 e-mail was not set up.
    state smallint NOT NULL CHECK (state BETWEEN 1 AND 8),
    attempts integer NOT NULL DEFAULT 0,
    queued_at timestamptz NOT NULL,
    next_at timestamptz NOT NULL,
    begun_at timestamptz,
    sent_at timestamptz,
    outcome text CHECK (length(outcome) <= 300),
    CONSTRAINT pk_consumption_letters PRIMARY KEY (loop_id, member_id, month, recipient));
CREATE INDEX ix_consumption_letters_waiting ON market.consumption_letters (next_at) WHERE state = 1;
CREATE INDEX ix_consumption_letters_sending ON market.consumption_letters (begun_at) WHERE state = 2;

-- Months whose letters are made.
CREATE TABLE market.consumption_months (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    at timestamptz NOT NULL,
    CONSTRAINT pk_consumption_months PRIMARY KEY (loop_id, month));

-- What people choose other than what the law asks for: 2 every month, 3 never.
CREATE TABLE market.consumption_choices (
    loop_id integer NOT NULL REFERENCES market.loops (id),
    account_id uuid NOT NULL,
    choice smallint NOT NULL CHECK (choice IN (2, 3)),
    at timestamptz NOT NULL,
    CONSTRAINT pk_consumption_choices PRIMARY KEY (loop_id, account_id));
