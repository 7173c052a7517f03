defmodule PhxproofTarget do
  @moduledoc """
  What the phxproof levels `lab`, `presence` and `rumbl` need from a Phoenix application.

  Start it before the endpoint:

      {PhxproofTarget, pubsub: MyApp.PubSub}

  Options:

    * `:pubsub` - the PubSub server of the endpoint, required
    * `:store` - the file that keeps the annotations, `phxproof-target.dets` in the
      system's directory for temporary files unless given
  """
  use Supervisor

  def start_link(opts), do: Supervisor.start_link(__MODULE__, opts, name: __MODULE__)

  @impl true
  def init(opts) do
    children = [
      {PhxproofTarget.Presence, pubsub_server: Keyword.fetch!(opts, :pubsub)},
      {PhxproofTarget.Store, file: Keyword.get_lazy(opts, :store, &default_store/0)}
    ]

    Supervisor.init(children, strategy: :one_for_one)
  end

  defp default_store, do: Path.join(System.tmp_dir!(), "phxproof-target.dets")
end
