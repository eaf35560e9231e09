"""Runs the steps on the connection that `state.schema` gives, within its transaction."""

from alembic import context

from kpi_pipeline.state.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table="kpi_schema",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
