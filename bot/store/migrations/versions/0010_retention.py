"""retention: rules with their decisions, holds, and the indexes that deleting needs"""

import sqlalchemy as sa
from alembic import op

import bot.store.schema

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    when = bot.store.schema.UtcDateTime(timezone=True)
    op.create_table('retention_rule',
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('decision_id', sa.String(length=64), nullable=False),
    sa.Column('updated_at', when, nullable=False),
    sa.Column('updated_by', sa.String(length=64), nullable=False),
    sa.CheckConstraint("decision_id <> ''", name='decided'),
    sa.PrimaryKeyConstraint('kind', name=op.f('pk_retention_rule'))
    )
    op.create_table('retention_hold',
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('reference', sa.String(length=64), nullable=False),
    sa.Column('created_at', when, nullable=False),
    sa.Column('created_by', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_retention_hold_conversation_id_conversation')),
    sa.PrimaryKeyConstraint('conversation_id', name=op.f('pk_retention_hold'))
    )
    op.create_index('ix_conversation_owner_closed_at', 'conversation', ['owner', 'closed_at'], unique=False)
    op.create_index('ix_feedback_conversation_id', 'feedback', ['conversation_id'], unique=False)
    op.create_index('ix_received_message_id', 'received', ['message_id'], unique=False)


def downgrade() -> None:
    op.drop_index('ix_received_message_id', table_name='received')
    op.drop_index('ix_feedback_conversation_id', table_name='feedback')
    op.drop_index('ix_conversation_owner_closed_at', table_name='conversation')
    op.drop_table('retention_hold')
    op.drop_table('retention_rule')
