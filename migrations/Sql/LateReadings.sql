-- Readings of hours that were settled before they came, or before an operator replaced them: what waits to be settled, and what was.
CREATE TABLE market.late_readings (
    loop_id integer NOT NULL,
    hour timestamptz NOT NULL,
    meter_id integer NOT NULL,
    -- 1 waits to be settled by itself, 2 waits for the operator, 3 is dealt with, 4 is left as it was settled.
    state smallint NOT NULL CHECK (state BETWEEN 1 AND 4),
    -- Whether an operator has decided that it is settled, whenever it came.
    decided boolean NOT NULL DEFAULT false,
    batch_id bigint NOT NULL,
    noted_at timestamptz NOT NULL,
    CONSTRAINT pk_late_readings PRIMARY KEY (loop_id, hour, meter_id));
CREATE INDEX ix_late_readings_waiting ON market.late_readings (loop_id, state, hour) WHERE state < 3;

-- How long after its end an hour is settled anew by itself when readings of it come; a loop without a row has 14 days.
CREATE TABLE market.late_rules (
    loop_id integer CONSTRAINT pk_late_rules PRIMARY KEY,
    hours integer NOT NULL CHECK (hours BETWEEN 0 AND 8784));

CREATE TABLE market.resettlements (
    loop_id integer NOT NULL,
    hour timestamptz NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    reason text NOT NULL,
    canonical bytea NOT NULL,
    batch_id bigint NOT NULL,
    batch_position integer NOT NULL,
    CONSTRAINT pk_resettlements PRIMARY KEY (loop_id, hour, number));

-- What a position came to in a resettlement: it holds until the next of the same hour.
CREATE TABLE market.resettled_positions (
    loop_id integer NOT NULL,
    hour timestamptz NOT NULL,
    number integer NOT NULL,
    member_id integer NOT NULL,
    plant_code text NOT NULL,
    carrier smallint NOT NULL,
    direction smallint NOT NULL,
    metered bigint NOT NULL,
    imbalance_amount bigint NOT NULL,
    network_fee bigint NOT NULL,
    CONSTRAINT pk_resettled_positions PRIMARY KEY (loop_id, hour, member_id, plant_code, carrier, direction, number));

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.resettlements FOR EACH ROW EXECUTE FUNCTION market.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.resettlements FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON market.resettled_positions FOR EACH ROW EXECUTE FUNCTION market.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON market.resettled_positions FOR EACH STATEMENT EXECUTE FUNCTION market.refuse_change();
