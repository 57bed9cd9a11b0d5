"""article_change: what editors propose"""

import sqlalchemy as sa
from alembic import op

import bot.store.schema

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('article_change',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('article_id', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('base_hash', sa.String(length=64), nullable=True),
    sa.Column('base', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('content', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('author_id', sa.String(length=32), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('created_at', bot.store.schema.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', bot.store.schema.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(length=32), nullable=True),
    sa.Column('decided_at', bot.store.schema.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decision_note', sa.Text(), nullable=True),
    sa.Column('published_hash', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['author_id'], ['agent.id'], name=op.f('fk_article_change_author_id_agent')),
    sa.ForeignKeyConstraint(['decided_by'], ['agent.id'], name=op.f('fk_article_change_decided_by_agent')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_article_change'))
    )
    with op.batch_alter_table('article_change', schema=None) as batch_op:
        batch_op.create_index('ix_article_change_article_id', ['article_id'], unique=False)
        batch_op.create_index('ix_article_change_state', ['state'], unique=False)
        batch_op.create_index('uq_article_change_draft', ['article_id', 'author_id'], unique=True,
                              sqlite_where=sa.text("state = 'draft'"), postgresql_where=sa.text("state = 'draft'"))


def downgrade() -> None:
    op.drop_table('article_change')
